/** A browser source for OBS: obs.html beside the service's own page, built after it. */
import { fileURLToPath } from "node:url";
import { defineConfig } from "vite";
import { noAddresses } from "../vite.config.ts";

const here = fileURLToPath(new URL(".", import.meta.url));

export default defineConfig({
  root: here,
  base: "./",
  publicDir: false,
  plugins: [noAddresses()],
  build: {
    outDir: "../../src/nearfar/service/static",
    emptyOutDir: false,
    assetsInlineLimit: 0,
    modulePreload: false,
    target: "es2022",
    rolldownOptions: {
      input: `${here}obs.html`,
      output: { entryFileNames: "assets/obs.js", chunkFileNames: "assets/obs-[name].js", assetFileNames: "assets/obs[extname]" },
    },
  },
});
