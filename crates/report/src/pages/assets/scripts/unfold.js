// What a link leads to is unfolded first.
(() => {
  const unfold = () => {
    const target = document.getElementById(decodeURIComponent(location.hash.slice(1)));
    if (!target) return;
    for (let e = target; e; e = e.parentElement) if (e.tagName === "DETAILS") e.open = true;
    target.scrollIntoView({ block: "start", behavior: "instant" });
  };
  addEventListener("hashchange", unfold);
  // A link to the place where one is already changes no address.
  document.addEventListener("click", (event) => {
    if (event.target.closest?.('a[href^="#"]')) setTimeout(unfold);
  });
  if (location.hash) unfold();
})();
