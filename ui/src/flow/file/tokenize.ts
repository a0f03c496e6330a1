/**
 * Light colouring of a flow file. It need not know all of YAML: what it takes for something else than it is
 * has another colour, no more.
 */
export type Kind = 'plain' | 'key' | 'text' | 'scalar' | 'comment' | 'mark' | 'template'

export interface Token {
  kind: Kind
  text: string
}

const SPACE = /\s+/y
const COMMENT = /#.*/y
/** A key: quoted or not, before a colon that a space or the end follows. */
const KEY =
  /(?:"(?:[^"\\]|\\.)*"|'(?:[^']|'')*'|[^\s"'{}[\],#&*!|>%@`:-][^\s{}[\],:]*(?: +[^\s{}[\],:#]+)*|-[^\s:]+)(?=\s*:(?:\s|$))/y
const MARK = /[-?](?=\s|$)|[{}[\],:]/y
const BLOCK = /[|>][-+0-9]*(?=\s*(?:#|$))/y
const SCALAR = /(?:[-+]?\d[\d_]*(?:\.\d+)?(?:[eE][-+]?\d+)?|true|false|null|~)(?=\s*(?:[,}\]#]|$))/y
const QUOTED = /"(?:[^"\\]|\\.)*"?|'(?:[^']|'')*'?/y
const BARE = /[^\s,{}[\]]+(?: +[^\s,{}[\]#]+)*|./y

class Line {
  readonly tokens: Token[] = []
  at = 0

  constructor(readonly text: string) {}

  get isDone(): boolean {
    return this.at >= this.text.length
  }

  add(kind: Kind, text: string) {
    if (text === '') return
    const last = this.tokens.at(-1)
    if (last?.kind === kind) last.text += text
    else this.tokens.push({ kind, text })
    this.at += text.length
  }

  take(pattern: RegExp, kind: Kind): boolean {
    pattern.lastIndex = this.at
    const found = pattern.exec(this.text)
    if (found === null || found[0] === '') return false
    this.add(kind, found[0])
    return true
  }
}

/** Where the expression that begins at `from` ends: behind its `}}`, or at the end of the text. */
export function endOfTemplate(text: string, from: number): number {
  let depth = 0
  let quote = ''
  for (let at = from + 2; at < text.length; at += 1) {
    const character = text[at] as string
    if (quote !== '') {
      if (character === '\\') at += 1
      else if (character === quote) quote = ''
    } else if (`'"\``.includes(character)) quote = character
    else if (character === '{') depth += 1
    else if (character === '}' && depth > 0) depth -= 1
    else if (text.startsWith('}}', at)) return at + 2
  }
  return text.length
}

/** Splits a piece of text at its `{{…}}`. */
function addText(line: Line, kind: Kind, text: string) {
  let at = 0
  while (at < text.length) {
    const start = text.indexOf('{{', at)
    if (start < 0) break
    line.add(kind, text.slice(at, start))
    const end = endOfTemplate(text, start)
    line.add('template', text.slice(start, end))
    at = end
  }
  line.add(kind, text.slice(at))
}

function quoted(line: Line): boolean {
  QUOTED.lastIndex = line.at
  const found = QUOTED.exec(line.text)
  if (found === null) return false
  addText(line, 'text', found[0])
  return true
}

function content(line: Line) {
  while (!line.isDone) {
    const isFree = line.at === 0 || /[\s,{[]/.test(line.text[line.at - 1] as string)
    if (line.take(SPACE, 'plain')) continue
    if (isFree && line.take(COMMENT, 'comment')) continue
    if (isFree && line.take(KEY, 'key')) continue
    if (line.text.startsWith('{{', line.at)) {
      line.add('template', line.text.slice(line.at, endOfTemplate(line.text, line.at)))
      continue
    }
    if (line.take(MARK, 'mark') || line.take(BLOCK, 'mark') || line.take(SCALAR, 'scalar')) continue
    if (!quoted(line)) line.take(BARE, 'text')
  }
}

const indentOf = (text: string) => text.length - text.trimStart().length

/** A block scalar's lines: an expression in them may go on over several. */
function blockLines(lines: string[]): Token[][] {
  const whole = lines.join('\n')
  const pieces = new Line(whole)
  addText(pieces, 'text', whole)
  const result: Token[][] = [[]]
  for (const { kind, text } of pieces.tokens) {
    text.split('\n').forEach((part, index) => {
      if (index > 0) result.push([])
      if (part !== '') result.at(-1)?.push({ kind, text: part })
    })
  }
  return result
}

/** The tokens of each line; together they are the text. */
export function tokenize(text: string): Token[][] {
  const lines = text.split('\n')
  const result: Token[][] = []
  for (let index = 0; index < lines.length; index += 1) {
    const line = new Line(lines[index] as string)
    content(line)
    result.push(line.tokens)
    const last = line.tokens.findLast(({ kind, text: piece }) => kind !== 'comment' && piece.trim() !== '')
    if (last?.kind !== 'mark' || !/^[|>]/.test(last.text)) continue
    const indent = indentOf(line.text)
    let end = index + 1
    while (end < lines.length && (lines[end]?.trim() === '' || indentOf(lines[end] as string) > indent))
      end += 1
    if (end > index + 1) result.push(...blockLines(lines.slice(index + 1, end)))
    index = end - 1
  }
  return result
}
