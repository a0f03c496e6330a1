import { useMutation } from '@tanstack/react-query'
import { useSay } from '../shell/notices'

interface Options<Input, Result> {
  act: (input: Input) => Promise<Result>
  /** what is said when it has gone well */
  done: (result: Result, input: Input) => string
  after?: (result: Result, input: Input) => void
}

/** Something that a person does on the server: its result is shown and read aloud, so is its failure. */
export function useAction<Input = void, Result = unknown>({ act, done, after }: Options<Input, Result>) {
  const say = useSay()
  return useMutation<Result, Error, Input>({
    mutationFn: act,
    onSuccess: (result, input) => {
      say(done(result, input), 'ok')
      after?.(result, input)
    },
    onError: error => say(error.message, 'bad'),
  })
}
