import { useSay } from '../shell/notices'
import { Button } from './button'

/** Puts a text onto the clipboard; `what` names it: `message`. */
export function Copy({ text, what }: { text: () => string; what: string }) {
  const say = useSay()
  const copy = async () => {
    try {
      // There is no clipboard where the page came over plain HTTP from another machine.
      await navigator.clipboard.writeText(text())
      say(`The ${what} is on the clipboard`, 'ok')
    } catch {
      say(`The browser does not let the ${what} onto the clipboard`, 'bad')
    }
  }
  return (
    <Button
      kind="quiet"
      icon="copy"
      aria-label={`Copy the ${what}`}
      title={`Copy the ${what}`}
      onClick={copy}
    />
  )
}
