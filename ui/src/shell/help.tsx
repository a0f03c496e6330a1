import { Button } from '../parts/button'
import { Dialog } from '../parts/dialog'
import { PALETTE_KEY, setKeys, useKeysOn } from './keys'

const KEYS: [keys: string[], what: string][] = [
  [[PALETTE_KEY], 'find a flow, a page, something to do'],
  [['g', 'o'], 'overview'],
  [['g', 'r'], 'runs'],
  [['g', 'd'], 'dead letters'],
  [['/'], 'to the filter of the page'],
  [['←', '→'], 'from task to task, in the times of a run'],
  [['←', '→', '↑', '↓'], 'from node to node, in the graph of a flow'],
  [['Esc'], 'close what is open'],
  [['?'], 'this list'],
]

export function Help({ onClose }: { onClose: () => void }) {
  const isOn = useKeysOn()
  return (
    <Dialog title="Keys" onClose={onClose}>
      <dl className="keys">
        {KEYS.map(([keys, what]) => (
          <KeyRow key={what} keys={keys} what={what} />
        ))}
      </dl>
      <label className="keys-switch">
        <input type="checkbox" checked={isOn} onChange={event => setKeys(event.target.checked)} />
        Single keys do something
      </label>
      <div className="dialog-buttons">
        <Button onClick={onClose}>Close</Button>
      </div>
    </Dialog>
  )
}

function KeyRow({ keys, what }: { keys: string[]; what: string }) {
  return (
    <>
      <dt>
        {keys.map(key => (
          <kbd key={key}>{key}</kbd>
        ))}
      </dt>
      <dd>{what}</dd>
    </>
  )
}
