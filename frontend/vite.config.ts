import vue from "@vitejs/plugin-vue";
import { defineConfig } from "vite";

const backend = process.env.RISKMAP_BACKEND ?? "http://127.0.0.1:8000";

export default defineConfig({
  plugins: [vue()],
  build: { target: "es2022", assetsInlineLimit: 0, chunkSizeWarningLimit: 900 },
  server: { proxy: { "/api": backend, "/sprite.svg": backend } },
});
