import js from "@eslint/js";
import vue from "eslint-plugin-vue";
import ts from "typescript-eslint";

export default ts.config(
  { ignores: ["dist", "node_modules"] },
  js.configs.recommended,
  ...ts.configs.strict,
  ...vue.configs["flat/essential"],
  { files: ["**/*.vue"], languageOptions: { parserOptions: { parser: ts.parser } } },
  {
    // The map is told what to show and says what happened; it knows neither the framework nor the page.
    files: ["src/map/**/*.ts"],
    // These two stand with MapView.vue between map and page.
    ignores: ["src/map/outlines.ts", "src/map/pointing.ts", "src/map/**/*.test.ts"],
    rules: { "no-restricted-imports": ["error", { patterns: ["vue", "element-plus*", "**/selection/*", "**/shell/*", "**/api/*", "**/register/*"] }] },
  },
  {
    rules: {
      "no-undef": "off", // the compiler knows
      "vue/no-v-html": "error", // text from data enters the page as text
      "vue/multi-word-component-names": "off",
      "no-restricted-properties": ["error", { property: "innerHTML", message: "来自数据的文字只作为文字进入页面" }],
    },
  },
);
