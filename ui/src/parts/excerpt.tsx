import { dedent } from './dedent'

/** A line of a file with carets below; what scrolls can be reached by keyboard. */
export function Excerpt({ text }: { text: string }) {
  if (text === '') return null
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: else its end cannot be read without a mouse
    <pre className="excerpt" tabIndex={0}>
      {dedent(text)}
    </pre>
  )
}
