import { expect, it } from 'vitest'
import { errorOf } from '../api/samples'
import { groupErrors, isGrave } from './group-errors'

it('joins errors of one place, the gravest first', () => {
  const groups = groupErrors([
    errorOf({ message: 'a' }),
    errorOf({ message: 'b', fate: 'collected' }),
    errorOf({ message: 'c' }),
    errorOf({ code: 'HR302', node: 'fetch', place: 'users.yaml:13:14', fate: 'retried' }),
    errorOf({ code: 'HR302', node: 'fetch', place: 'users.yaml:13:14', fate: 'dead' }),
  ])
  expect(groups.map(group => [group.code, group.errors.length, group.fates, isGrave(group)])).toEqual([
    [
      'HR302',
      2,
      [
        ['retried', 1],
        ['dead', 1],
      ],
      true,
    ],
    [
      'HR503',
      3,
      [
        ['handled', 2],
        ['collected', 1],
      ],
      false,
    ],
  ])
})
