import type { Live } from './types'

/** Of counts of the same runs those that were read later: answers and events overtake each other. */
export function laterLive(known: Live | null | undefined, came: Live): Live {
  const isSame =
    known?.runs.length === came.runs.length && known.runs.every((run, at) => run === came.runs[at])
  return isSame && came.runs.length > 0 && known.elapsedSeconds > came.elapsedSeconds ? known : came
}
