/**
 * What the book takes of highlight.js. The package's own types bring those of a
 * browser's page with them, into all that is checked together with it.
 *
 * @module
 */

/** The rules of a language. */
export type Grammar = (hljs: unknown) => unknown;

/** highlight.js itself. */
declare const hljs: {
  registerLanguage(name: string, grammar: Grammar): void;
  registerAliases(aliases: string[], options: { languageName: string }): void;
  getLanguage(name: string): unknown;
  highlight(code: string, options: { language: string }): { value: string };
};

export default hljs;
