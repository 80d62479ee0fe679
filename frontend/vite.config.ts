import vue from "@vitejs/plugin-vue";
import { defineConfig, type Plugin } from "vite";

const backend = process.env.RISKMAP_BACKEND ?? "http://127.0.0.1:8000";

/** A design pixel, of which sixteen are a rem. Hairlines stay what the screen has. */
const rem = (text: string): string =>
  text.replace(/(?<![\w.#-])(-?\d*\.?\d+)px\b/g, (all, n: string) => (Math.abs(Number(n)) < 2 ? all : `${Number(n) / 16}rem`));

/**
 * The whole page is drawn in pixels of the design and grows with one value, the root's font size: on a wall by
 * tokens.css, on any screen by the reader's own setting. Nothing is zoomed or transformed.
 */
const inRem: Plugin = {
  name: "design-pixels",
  enforce: "pre",
  transform: (code, id) => (id.endsWith(".vue") ? code.replace(/ (?:style|width|size)="[^"]*"/g, rem) : null),
};
const css = { postcssPlugin: "design-pixels", Declaration: (decl: { value: string }) => void (decl.value = rem(decl.value)) };

export default defineConfig({
  plugins: [inRem, vue()],
  css: { postcss: { plugins: [css] } },
  build: { target: "es2022", assetsInlineLimit: 0, chunkSizeWarningLimit: 900 },
  // The service compares Origin and Host, so the host stays as the browser sent it.
  server: { proxy: Object.fromEntries(["/api", "/sprite.svg"].map((path) => [path, { target: backend, changeOrigin: false }])) },
});
