import type { Html } from "./html.ts";

const PATHS = {
  home: "M3 11.5 12 4l9 7.5M5.5 9.8V20h5v-5.5h3V20h5V9.8",
  sites:
    "M12 3a9 9 0 1 0 0 18 9 9 0 0 0 0-18ZM3 12h18M12 3c2.6 2.6 3.8 5.6 3.8 9s-1.2 6.4-3.8 9c-2.6-2.6-3.8-5.6-3.8-9S9.4 5.6 12 3Z",
  pages: "M4 5h16v14H4zM4 9.5h16M8 14h3M14 14h2",
  reports: "M4 20V4M4 20h16M8 16v-4M12.5 16V8M17 16v-6",
  live: "M3 12h4l2.5-7 5 14 2.5-7h4",
  events: "M5 6h14M5 12h9M5 18h12",
  files: "M12 4v11m0 0-4-4m4 4 4-4M5 19.5h14",
  activity: "M12 7v5l3.5 2M12 3a9 9 0 1 0 0 18 9 9 0 0 0 0-18Z",
  team: "M9 11a3.5 3.5 0 1 0 0-7 3.5 3.5 0 0 0 0 7Zm-6 9c.4-3.6 2.7-5.5 6-5.5s5.6 1.9 6 5.5M16 4.5a3.3 3.3 0 0 1 0 6.2M18 15c1.8.7 2.8 2.4 3 5",
  payments: "M3 6h18v12H3zM3 10h18M7 14.5h3",
  account: "M12 12a4 4 0 1 0 0-8 4 4 0 0 0 0 8Zm-7.5 8.5c.6-4 3.4-6 7.5-6s6.9 2 7.5 6",
  support: "M4 5h16v11H9l-5 4z",
  search: "M10.5 4a6.5 6.5 0 1 0 0 13 6.5 6.5 0 0 0 0-13Zm4.8 11.3L20 20",
  menu: "M4 7h16M4 12h16M4 17h16",
  check: "m5 12.5 4.5 4.5L19 7.5",
  bell: "M6 16.5V11a6 6 0 0 1 12 0v5.5l1.5 1.5h-15zM10 20.5h4",
  lock: "M6 11h12v9H6zM8.5 11V8a3.5 3.5 0 0 1 7 0v3",
  link: "M10 14a4 4 0 0 0 5.7 0l3-3a4 4 0 0 0-5.7-5.7l-1 1M14 10a4 4 0 0 0-5.7 0l-3 3a4 4 0 0 0 5.7 5.7l1-1",
} as const;

export type IconName = keyof typeof PATHS;

/** A line drawing in the colour of the text around it; says nothing to a screen reader. */
export function icon(name: IconName): Html {
  return {
    markup: `<svg class="icon" viewBox="0 0 24 24" aria-hidden="true" focusable="false"><path d="${PATHS[name]}"/></svg>`,
  };
}

/** The product's mark: a lantern. */
export const MARK: Html = {
  markup:
    '<svg class="mark" viewBox="0 0 32 32" aria-hidden="true" focusable="false"><rect width="32" height="32" rx="9" class="mark-ground"/>' +
    '<path class="mark-frame" d="M11 12.5h10l1.2 11h-12.4zM12.5 12.5c0-5 7-5 7 0M16 6.2V8.7"/><circle class="mark-flame" cx="16" cy="18" r="2.6"/></svg>',
};
