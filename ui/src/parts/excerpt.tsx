import { useEffect, useRef } from 'react'
import { dedent } from './dedent'

/** A line of a file with carets below. A long one is scrolled to them; what scrolls can be reached by keyboard. */
export function Excerpt({ text }: { text: string }) {
  const ref = useRef<HTMLPreElement>(null)
  const shown = dedent(text)
  useEffect(() => {
    const element = ref.current
    if (element === null || element.scrollWidth <= element.clientWidth) return
    const [line = '', carets = ''] = shown.split('\n')
    const width = element.scrollWidth / Math.max(line.length, carets.length, 1)
    const [from, to] = [carets.search(/\S/) * width, carets.length * width]
    if (to > element.clientWidth)
      element.scrollLeft = Math.min(from - 3 * width, to - element.clientWidth / 2)
  }, [shown])
  if (text === '') return null
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: else its end cannot be read without a mouse
    <pre ref={ref} className="excerpt" tabIndex={0}>
      {shown}
    </pre>
  )
}
