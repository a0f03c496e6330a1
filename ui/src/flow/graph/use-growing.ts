import { useEffect, useState } from 'react'

const STEP = 50

/** How many of `count` parts are drawn: more with each frame, so that many of them do not hold up the page. */
export function useGrowing(count: number): number {
  const [shown, setShown] = useState(STEP)
  useEffect(() => {
    if (shown >= count) return
    const frame = requestAnimationFrame(() => setShown(shown + STEP))
    return () => cancelAnimationFrame(frame)
  }, [shown, count])
  return shown
}
