import vue from "@vitejs/plugin-vue";
import { defineConfig } from "vite";

const backend = process.env.RISKMAP_BACKEND ?? "http://127.0.0.1:8000";

export default defineConfig({
  plugins: [vue()],
  build: { target: "es2022", assetsInlineLimit: 0, chunkSizeWarningLimit: 900 },
  // The service compares Origin and Host, so the host stays as the browser sent it.
  server: { proxy: Object.fromEntries(["/api", "/sprite.svg"].map((path) => [path, { target: backend, changeOrigin: false }])) },
});
