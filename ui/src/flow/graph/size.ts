/**
 * How large a node is drawn and where its ports sit, from its names alone: the layout must know before
 * anything is on the page. What is drawn (`node-card.css`) keeps to these numbers.
 */
import type { GraphNode } from '../../api/types'

/** Where edges lead to: to the right where there is room, else down. */
export type Direction = 'right' | 'down'

export interface Port {
  name: string
  side: 'in' | 'out'
  x: number
  y: number
  isError: boolean
  isDetached: boolean
}

export interface Card {
  width: number
  height: number
  ports: Port[]
}

const LEAST_WIDTH = 156
const MOST_WIDTH = 280
/** Average widths of a character of the two sizes of type. */
const NAME_EM = 8.3
const SMALL_EM = 6.8
/** The mark before the name and the space at both ends. */
const NAME_SIDES = 44
/** What the counts need beside the names of ports. */
const COUNTS = 126
const LABEL_SIDES = 14
/** Beside an edge that leads down there must be room for its counts. */
const CELL = 52
const HEIGHT = 48
const FIRST_ROW = 35
const ROW = 16
const LAST_ROW = 13

export function shortComponent(component: string): string {
  return component.slice(component.indexOf('/') + 1)
}

/** A single port needs no name. */
export const isNamed = (ports: { length: number }) => ports.length > 1

function labelWidth(names: string[]): number {
  if (!isNamed(names)) return 0
  return Math.max(...names.map(name => name.length)) * SMALL_EM + LABEL_SIDES
}

export function cardOf(node: GraphNode, direction: Direction): Card {
  return direction === 'right' ? wideCard(node) : tallCard(node)
}

function headWidth(node: GraphNode): number {
  return node.name.length * NAME_EM + shortComponent(node.component).length * SMALL_EM + NAME_SIDES
}

function wideCard(node: GraphNode): Card {
  const outputs = node.outputs.map(output => output.name)
  const width = Math.max(headWidth(node), COUNTS + labelWidth(outputs) + labelWidth(node.inputs))
  const rows = Math.max(1, node.inputs.length, node.outputs.length)
  const card = {
    width: Math.round(Math.min(MOST_WIDTH, Math.max(LEAST_WIDTH, width))),
    height: Math.max(HEIGHT, FIRST_ROW + ROW * (rows - 1) + LAST_ROW),
  }
  return {
    ...card,
    ports: portsOf(node, (side, index) => [side === 'in' ? 0 : card.width, FIRST_ROW + ROW * index]),
  }
}

function tallCard(node: GraphNode): Card {
  const cell = isNamed(node.outputs) ? Math.max(CELL, labelWidth(node.outputs.map(({ name }) => name))) : 0
  const inner = Math.max(headWidth(node), cell * node.outputs.length)
  const width = Math.round(Math.min(MOST_WIDTH, Math.max(LEAST_WIDTH, inner)))
  const height = HEIGHT + (isNamed(node.outputs) ? ROW : 0)
  const across = (count: number, index: number) => (width * (index + 0.5)) / count
  return {
    width,
    height,
    ports: portsOf(node, (side, index) =>
      side === 'in' ? [across(node.inputs.length, index), 0] : [across(node.outputs.length, index), height],
    ),
  }
}

function portsOf(node: GraphNode, place: (side: Port['side'], index: number) => [number, number]): Port[] {
  const inputs = node.inputs.map((name, index): Port => {
    const [x, y] = place('in', index)
    return { name, side: 'in', x, y, isError: false, isDetached: false }
  })
  const outputs = node.outputs.map((output, index): Port => {
    const [x, y] = place('out', index)
    return { ...output, side: 'out', x, y }
  })
  return [...inputs, ...outputs]
}
