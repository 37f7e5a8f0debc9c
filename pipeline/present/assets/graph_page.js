for (const svg of document.querySelectorAll("svg")) {
  for (const node of svg.querySelectorAll("[data-b].block,[data-a].array")) {
    const key = node.dataset.b ? `[data-b="${node.dataset.b}"]` : `[data-a="${node.dataset.a}"]`;
    node.addEventListener("mouseenter", () => {
      svg.classList.add("focus");
      svg.querySelectorAll("path" + key).forEach((path) => path.classList.add("on"));
    });
    node.addEventListener("mouseleave", () => {
      svg.classList.remove("focus");
      svg.querySelectorAll(".on").forEach((path) => path.classList.remove("on"));
    });
  }
}
const open = () => {
  let node = location.hash.length > 1 && document.getElementById(location.hash.slice(1));
  for (; node && node !== document.body; node = node.parentElement) if (node.tagName === "DETAILS") node.open = true;
  const found = location.hash.length > 1 && document.getElementById(location.hash.slice(1));
  if (found) found.scrollIntoView({ block: "center" });
};
addEventListener("hashchange", open);
open();
