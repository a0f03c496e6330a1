/**
 * JSON whose whole numbers stay what they are. Times of headrace are nanoseconds, which a number of the
 * browser rounds: a message that is looked at, corrected and sent back must not lose their last digits.
 */
import type { Json } from './types'

// Newer than the library that TypeScript knows. A browser without it rounds, as all did before.
const { rawJSON } = JSON as { rawJSON?: (text: string) => unknown }

/** A whole number by its digits. It is a class, so that caches take it as it is, and do not copy its members. */
class ExactNumber {
  constructor(readonly digits: string) {}

  toJSON() {
    return rawJSON?.(this.digits)
  }
}

type Reviver = (name: string, value: unknown, context: { source: string }) => unknown

const parse = JSON.parse as (text: string, reviver?: Reviver) => unknown
/** Without as many digits in a row no number is too large, and there is no need to look at each. */
const MANY_DIGITS = /\d{16}/
const WHOLE = /^-?\d+$/

const keep: Reviver = (_, value, { source }) =>
  typeof value === 'number' && !Number.isSafeInteger(value) && WHOLE.test(source)
    ? new ExactNumber(source)
    : value

/** Reads JSON; whole numbers beyond those of the browser are kept by their digits. */
export function parseExact<T = Json>(text: string): T {
  return parse(text, rawJSON && MANY_DIGITS.test(text) ? keep : undefined) as T
}

/** The digits of a number that was kept so; null for any other value. */
export function digitsOf(value: unknown): string | null {
  return value instanceof ExactNumber ? value.digits : null
}
