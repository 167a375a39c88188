// Files made on the page: a blob of its own, no request.
report.save = (name, type, text) => {
  const url = URL.createObjectURL(new Blob([text], { type }));
  const link = report.make("a", { href: url, download: `${report.data.name}_${name}` });
  document.body.append(link);
  link.click();
  link.remove();
  setTimeout(() => URL.revokeObjectURL(url), 10000);
};

report.csv = (rows) => {
  const entry = (value) => {
    const text = value === null || value === undefined ? "" : String(value);
    return /[",\n\r]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
  };
  return rows.map((row) => row.map(entry).join(",")).join("\n") + "\n";
};
