import { useState } from 'react'
import { useLocation } from 'wouter'
import { path, post } from '../api/client'
import { useFlows, useMayAct } from '../api/queries'
import { useAction } from '../parts/action'
import { nextScheme, setScheme, useScheme } from '../theme/scheme'
import { makeCommands } from './commands'
import { Help } from './help'
import { useKeys } from './keys'
import { Palette } from './palette'

export type Overlay = 'palette' | 'help' | null

interface Props {
  shown: Overlay
  show: (overlay: Overlay) => void
}

/** What opens over any page by a key. */
export function Overlays({ shown, show }: Props) {
  const [, navigate] = useLocation()
  const flows = useFlows().data ?? []
  const mayAct = useMayAct()
  const scheme = useScheme()
  const fire = useAction<{ flow: string; trigger: string }, { run: string }>({
    act: ({ flow, trigger }) => post(`${path('flows', flow, 'triggers', trigger)}/fire`),
    done: (_, { flow }) => `A run of ${flow} begins`,
    after: ({ run }) => navigate(path('runs', run)),
  })
  useKeys({ navigate, openPalette: () => show('palette'), openHelp: () => show('help') })
  const commands = makeCommands(flows, mayAct, {
    navigate,
    fire: (flow, trigger) => fire.mutate({ flow, trigger }),
    changeScheme: () => setScheme(nextScheme(scheme)),
    showHelp: () => show('help'),
  })
  const close = () => show(null)
  if (shown === 'palette') return <Palette commands={commands} onClose={close} />
  return shown === 'help' ? <Help onClose={close} /> : null
}

/** The overlay that is shown, and how to show another. */
export const useOverlay = () => useState<Overlay>(null)
