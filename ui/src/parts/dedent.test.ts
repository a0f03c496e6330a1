import { expect, it } from 'vitest'
import { dedent } from './dedent'

it('takes the shared indentation away and no more', () => {
  expect(dedent('      - a -> b\n             ^')).toBe('- a -> b\n       ^')
  expect(dedent('  a\n\n    b')).toBe('a\n\n  b')
  expect(dedent('')).toBe('')
})
