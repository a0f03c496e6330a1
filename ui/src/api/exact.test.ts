import { QueryClient } from '@tanstack/react-query'
import { expect, it } from 'vitest'
import { digitsOf, parseExact } from './exact'

const TEXT =
  '{"at":1795795865509892487,"n":[-9007199254740993,1.5,9007199254740991,1e300],"text":"1795795865509892487"}'
const canKeep = 'rawJSON' in JSON

it.runIf(canKeep)('keeps large whole numbers by their text', () => {
  expect(JSON.stringify(parseExact(TEXT))).toBe(TEXT.replace('1e300', '1e+300'))
  expect(digitsOf(parseExact<{ at: unknown }>(TEXT).at)).toBe('1795795865509892487')
})

it.runIf(canKeep)('keeps them through a cache', async () => {
  const client = new QueryClient()
  for (const text of [TEXT, TEXT]) {
    await client.fetchQuery({ queryKey: ['x'], queryFn: () => parseExact(text) })
  }
  expect(JSON.stringify(client.getQueryData(['x']))).toContain('1795795865509892487')
})

it('leaves all other values as they are', () => {
  expect(parseExact('{"n":[1,1.5,"x",null,true,{}]}')).toEqual({ n: [1, 1.5, 'x', null, true, {}] })
  const { n, text } = parseExact<{ n: unknown[]; text: string }>(TEXT)
  expect(n.slice(1)).toEqual([1.5, 9007199254740991, 1e300])
  expect(text).toBe('1795795865509892487')
  for (const value of [1, '1', null, {}, [], { rawJSON: '1' }]) expect(digitsOf(value)).toBeNull()
})

it('refuses what is no JSON, as ever', () => {
  expect(() => parseExact('{"at": 1795795865509892487,}')).toThrow(SyntaxError)
})
