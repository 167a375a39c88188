// One box for all values said on hover; screen readers are told of it too.
(() => {
  const box = document.getElementById("tip");
  report.tip = (text, x, y) => {
    box.textContent = text;
    box.hidden = false;
    const { width, height } = box.getBoundingClientRect();
    const left = x + 14 + width > innerWidth ? x - 14 - width : x + 14;
    const top = y + 14 + height > innerHeight ? y - 14 - height : y + 14;
    box.style.left = `${Math.max(4, left)}px`;
    box.style.top = `${Math.max(4, top)}px`;
  };
  report.untip = () => { box.hidden = true; };
  addEventListener("scroll", report.untip, { passive: true });
  addEventListener("keydown", (event) => { if (event.key === "Escape") report.untip(); });
})();
