/** Where JSON text is wrong: engines say it in words of their own, or not at all. */

export interface JsonMistake {
  message: string
  line: number
  column: number
  /** the line with a caret below */
  excerpt: string
}

class Wrong extends Error {
  constructor(
    readonly at: number,
    message: string,
  ) {
    super(message)
  }
}

const NUMBER = /-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?/y
// biome-ignore lint/suspicious/noControlCharactersInRegex: JSON strings may not hold them
const STRING = /"(?:[^"\\\u0000-\u001f]|\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4}))*/y
const SPACE = /[ \t\r\n]*/y
const WORD = /true|false|null/y

const MOST_DEPTH = 1000

class Scanner {
  at = 0
  depth = 0

  constructor(readonly text: string) {}

  take(pattern: RegExp): boolean {
    pattern.lastIndex = this.at
    const found = pattern.exec(this.text)
    if (found !== null) this.at += found[0].length
    return found !== null
  }

  /** The next character that is no space; empty at the end. */
  peek(): string {
    this.take(SPACE)
    return this.text[this.at] ?? ''
  }

  skip(character: string): boolean {
    if (this.peek() !== character) return false
    this.at += 1
    return true
  }

  fail(expected: string): never {
    this.peek()
    const found = this.text.codePointAt(this.at)
    const what = found === undefined ? 'the end' : `\`${String.fromCodePoint(found)}\``
    throw new Wrong(this.at, `expected ${expected}, found ${what}`)
  }

  value() {
    const next = this.peek()
    this.depth += 1
    if (this.depth > MOST_DEPTH) throw new Wrong(this.at, 'this is nested too deeply')
    if (next === '{') this.object()
    else if (next === '[') this.array()
    else if (next === '"') this.string()
    else if (!this.take(WORD) && !this.take(NUMBER)) this.fail('a value')
    this.depth -= 1
  }

  string() {
    const start = this.at
    this.take(STRING)
    const after = this.text[this.at]
    if (after === '"') {
      this.at += 1
    } else if (after === '\\') {
      throw new Wrong(this.at, `\`${this.text.slice(this.at, this.at + 2)}\` is no escape of JSON`)
    } else {
      throw new Wrong(after === undefined ? start : this.at, 'this text has no closing quote')
    }
  }

  object() {
    this.at += 1
    if (this.skip('}')) return
    do {
      if (this.peek() !== '"') this.fail('a name in double quotes')
      this.string()
      if (!this.skip(':')) this.fail('`:`')
      this.value()
    } while (this.skip(','))
    if (!this.skip('}')) this.fail('`,` or `}`')
  }

  array() {
    this.at += 1
    if (this.skip(']')) return
    do this.value()
    while (this.skip(','))
    if (!this.skip(']')) this.fail('`,` or `]`')
  }
}

/** Gives the first mistake of a text, or null where it is JSON. */
export function findMistake(text: string): JsonMistake | null {
  const scanner = new Scanner(text)
  try {
    scanner.value()
    if (scanner.peek() !== '') scanner.fail('the end')
    return null
  } catch (error) {
    if (error instanceof Wrong) return place(text, error)
    throw error
  }
}

function place(text: string, { at, message }: Wrong): JsonMistake {
  const before = text.slice(0, at)
  const start = before.lastIndexOf('\n') + 1
  const line = before.split('\n').length
  const column = at - start + 1
  const row = text.slice(start).split('\n', 1)[0] ?? ''
  const from = Math.max(0, column - 40)
  const excerpt = `${row.slice(from, from + 72)}\n${' '.repeat(column - 1 - from)}^`
  return { message, line, column, excerpt }
}
