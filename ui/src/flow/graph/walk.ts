/** How the keyboard goes from node to node; cards take it from the context, so that they need not render anew. */
import { createContext, type KeyboardEvent } from 'react'

export interface Walk {
  choose: (node: string, isByKey: boolean) => void
  walk: (node: string, event: KeyboardEvent) => void
}

export const WalkContext = createContext<Walk>({ choose: () => {}, walk: () => {} })
