import { describe, expect, it } from 'vitest'
import { liveOf } from '../api/samples'
import type { Live, NodeLive } from '../api/types'
import { LiveStore } from './live-store'

const node = (received: number): NodeLive => ({
  received,
  active: 0,
  failed: 0,
  rate: 0,
  itemsDone: 0,
  itemsTotal: 0,
})

const live = (nodes: Live['nodes'], edges: Live['edges'] = {}) => liveOf({ nodes, edges })

describe('the counts of a flow', () => {
  it('stay the same object for a node whose numbers did not change', () => {
    const store = new LiveStore()
    store.set(live({ a: node(1), b: node(1) }, { e0: { crossed: 1, rate: 0 } }))
    const before = [store.node('a'), store.node('b'), store.edge('e0')]
    store.set(live({ a: node(1), b: node(2) }, { e0: { crossed: 1, rate: 0 } }))
    expect(store.node('a')).toBe(before[0])
    expect(store.node('b')).not.toBe(before[1])
    expect(store.node('b').received).toBe(2)
    expect(store.edge('e0')).toBe(before[2])
  })

  it('are zero, and the same zero, for what nothing is known of', () => {
    const store = new LiveStore()
    expect(store.node('x').received).toBe(0)
    expect(store.node('x')).toBe(store.node('y'))
    expect(store.node('constructor')).toBe(store.node('y'))
    store.set(live({ x: node(3) }))
    store.set(live({}))
    expect(store.node('x').received).toBe(0)
  })

  it('are told to those who listen, until they no longer do', () => {
    const store = new LiveStore()
    let told = 0
    const stop = store.subscribe(() => {
      told += 1
    })
    store.set(live({}))
    stop()
    store.set(live({}))
    expect(told).toBe(1)
  })
})
