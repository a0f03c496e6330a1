import { useMutation } from '@tanstack/react-query'
import { useSay } from '../shell/notices'
import type { Tone } from './status'

interface Options<Input, Result> {
  act: (input: Input) => Promise<Result>
  /** what is said when it has gone well, or well in part */
  done: (result: Result, input: Input) => string | { text: string; tone: Tone }
  after?: (result: Result, input: Input) => void
}

/** Something that a person does on the server: its result is shown and read aloud, so is its failure. */
export function useAction<Input = void, Result = unknown>({ act, done, after }: Options<Input, Result>) {
  const say = useSay()
  return useMutation<Result, Error, Input>({
    mutationFn: act,
    onSuccess: (result, input) => {
      const said = done(result, input)
      if (typeof said === 'string') say(said, 'ok')
      else say(said.text, said.tone)
      after?.(result, input)
    },
    onError: error => say(error.message, 'bad'),
  })
}
