"use strict";
(() => {
  const figures = JSON.parse(document.getElementById("figures").textContent);
  const dark = matchMedia("(prefers-color-scheme: dark)");
  const narrow = matchMedia("(max-width: 600px)");
  const touch = matchMedia("(pointer: coarse)").matches;

  // Colours stand in the figures as names of custom properties; here they get the values of the reader's scheme.
  const style = getComputedStyle(document.documentElement);
  const resolved = (value) => {
    if (typeof value === "string") {
      const name = /^var\((--[a-z0-9-]+)\)$/.exec(value);
      return name ? style.getPropertyValue(name[1]).trim() : value;
    }
    if (Array.isArray(value)) return value.map(resolved);
    if (value && typeof value === "object") {
      return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, resolved(inner)]));
    }
    return value;
  };

  const draw = () => {
    const drawn = Object.entries(figures).map(([id, figure]) => {
      const layout = resolved(figure.layout);
      if (narrow.matches) Object.assign(layout.margin, { l: 44, r: 8 });
      // A finger that meets a chart scrolls the page instead of zooming the chart.
      if (touch) layout.dragmode = false;
      return Plotly.react(id, resolved(figure.data), layout, {
        displaylogo: false,
        displayModeBar: !touch,
        modeBarButtons: [["toImage", "zoom2d", "pan2d", "resetScale2d"]],
        toImageButtonOptions: { filename: figure.file, scale: 2 },
      });
    });
    return Promise.all(drawn).then((all) => {
      document.documentElement.dataset.figuresDrawn = String(all.length);
    });
  };

  // A chart is as wide as its box, whatever changes the box: the window, a phone that is turned, paper.
  const widths = new WeakMap();
  const observer = new ResizeObserver((entries) => {
    for (const { target, contentRect } of entries) {
      const before = widths.get(target);
      widths.set(target, contentRect.width);
      if (before !== undefined && before !== contentRect.width && contentRect.width > 0) Plotly.relayout(target, { autosize: true });
    }
  });

  draw().then(() => document.querySelectorAll(".plot").forEach((plot) => observer.observe(plot)));
  dark.addEventListener("change", draw);
  narrow.addEventListener("change", draw);
})();
