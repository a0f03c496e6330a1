/** Takes away the indentation that all lines share, so that carets stay below what they mean. */
export function dedent(text: string): string {
  const lines = text.split('\n')
  const indents = lines.filter(line => line.trim() !== '').map(line => line.length - line.trimStart().length)
  const shared = Math.min(...indents)
  return Number.isFinite(shared) ? lines.map(line => line.slice(shared)).join('\n') : text
}
