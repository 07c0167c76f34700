// The rules for the JavaScript of the pages: plain ES modules that run in a browser or in Node.
import js from "@eslint/js";
import globals from "globals";

export default [
  js.configs.recommended,
  {
    languageOptions: { ecmaVersion: 2022, sourceType: "module", globals: globals.browser },
    rules: {
      eqeqeq: "error",
      "no-shadow": "error",
      "no-var": "error",
      "prefer-const": "error",
      "no-implicit-globals": "error",
      "no-eval": "error",
      "no-unused-vars": ["error", { args: "all" }],
      // text of a student's must never become markup
      "no-restricted-properties": [
        "error",
        ...["innerHTML", "outerHTML", "insertAdjacentHTML"].map((property) => ({
          property,
          message: "use textContent and createElement",
        })),
      ],
    },
  },
  { files: ["tests/**"], languageOptions: { globals: globals.node } },
];
