/** How a person's words become the arguments of a call. */

/**
 * One argument of a plain export in the form the API takes: i64 as text, since a JSON number cannot
 * hold it; floats as numbers, or as the words for what JSON has no number for; null references.
 *
 * @param {string} text
 * @param {string} [type] of the parameter
 * @returns {string | number | null}
 */
export function readArgument(text, type = 'i32') {
  const word = text.trim();
  if (word === 'null') {
    return null;
  }
  if (type === 'i64') {
    return /^[+-]?0x/i.test(word) ? signedHex(word) : word;
  }
  const value = /^-0x/i.test(word) ? -Number(word.slice(1)) : Number(word);
  return word === '' || !Number.isFinite(value) ? word : value;
}

/** @param {string} word */
function signedHex(word) {
  try {
    const magnitude = BigInt(word.replace(/^[+-]/, ''));
    return String(word.startsWith('-') ? -magnitude : magnitude);
  } catch {
    return word;
  }
}

/**
 * Splits a line at spaces; single or double quotes keep a word with spaces together.
 *
 * @param {string} line
 * @returns {string[]}
 */
export function shellWords(line) {
  const words = line.match(/(?:"[^"]*"|'[^']*'|[^\s"']+)+/g) ?? [];
  return words.map((word) => word.replace(/"([^"]*)"|'([^']*)'/g, '$1$2'));
}
