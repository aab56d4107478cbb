// The README's examples as programs, and what their comments say that they print.

/**
 * @param {string} markdown
 * @param {string} language - Of the fenced block, such as `ts`.
 * @returns {{ source: string, expected: string[] }} The first such block, and the comments behind its console.log calls, in order.
 */
export function extractExample(markdown, language) {
  const fence = new RegExp(`^\`\`\`${language}\\n([\\s\\S]*?)^\`\`\`$`, "m");
  const source = fence.exec(markdown)?.[1];
  if (source === undefined) throw new Error(`README.md has no \`\`\`${language} example`);
  const expected = [...source.matchAll(/console\.log\(.*\); \/\/ (.*)$/gm)].map((match) => match[1] ?? "");
  if (expected.length === 0) throw new Error(`the \`\`\`${language} example prints nothing that could be compared`);
  return { source, expected };
}

/**
 * @param {string} markdown
 * @param {string} language
 * @returns {string[]} All such blocks that are whole programs: they import something.
 */
export function extractPrograms(markdown, language) {
  const fence = new RegExp(`^\`\`\`${language}\\n([\\s\\S]*?)^\`\`\`$`, "gm");
  return [...markdown.matchAll(fence)].map((match) => match[1] ?? "").filter((source) => source.startsWith("import "));
}
