import { useEffect, useMemo, useRef, useState } from 'preact/hooks'
import { Problem } from '@shared/api/problem'
import { mergePatch, type JsonObject } from './diff'
import { useAction, useLeaveWarning } from '@shared/lib/hooks'
import { holdBack } from '@shared/lib/router'

/** Kind is what an editor must know of the objects it edits. */
export interface Kind<T, D> {
  draftOf: (base: T | undefined) => D
  wantedOf: (draft: D, base?: T) => JsonObject
  faultsOf: (draft: D) => Record<string, string | undefined>
  create: (wanted: JsonObject) => Promise<T>
  /** change sends a merge patch for the version that it was made on. */
  change: (base: T, patch: JsonObject, version: string | undefined) => Promise<T>
  /** done is called with what the server has stored. */
  done: (stored: T) => void
}

/** Editor is a form's state. */
export type Editor<D> = ReturnType<typeof useEditor<{ version?: string }, D>>

/**
 * useEditor holds a form for a new object, or for the changes to one. What is sent is only what was changed, on the version that was
 * read; if somebody else was faster, conflict has the object as it stands now.
 */
export function useEditor<T extends { version?: string }, D>(base: T | undefined, kind: Kind<T, D>) {
  const [draft, setDraft] = useState(() => kind.draftOf(base))
  const [tries, setTries] = useState(0)
  const [conflict, setConflict] = useState<JsonObject | undefined>()
  const { busy, error, run } = useAction()
  const summary = useRef<HTMLDivElement>(null)
  const original = useMemo(() => JSON.stringify(kind.draftOf(base)), [base])
  const faults = tries > 0 ? kind.faultsOf(draft) : {}
  const problems = Object.values(faults).filter((text) => text !== undefined)
  useLeaveWarning(!busy && JSON.stringify(draft) !== original)
  useEffect(() => {
    if (problems.length > 0) summary.current?.focus()
  }, [tries])

  const store = async (version: string | undefined): Promise<T> => {
    const wanted = kind.wantedOf(draft, base)
    if (!base) return kind.create(wanted)
    const patch = mergePatch(base as unknown as JsonObject, wanted)
    return patch ? kind.change(base, patch, version) : base
  }
  const save = (version = base?.version): Promise<void> =>
    run(async () => {
      setConflict(undefined)
      try {
        const stored = await store(version)
        holdBack(false)
        kind.done(stored)
      } catch (e) {
        if (!(e instanceof Problem) || !e.isConflict || !base) throw e
        setConflict(e.current)
      }
    })
  const submit = (event: Event): void => {
    event.preventDefault()
    setTries((n) => n + 1)
    if (Object.keys(kind.faultsOf(draft)).length === 0) void save()
  }
  return {
    draft,
    change: (to: Partial<D>): void => setDraft((d) => ({ ...d, ...to })),
    faults,
    problems,
    summary,
    busy,
    error,
    submit,
    base: base as unknown as JsonObject | undefined,
    conflict,
    wanted: (): JsonObject => kind.wantedOf(draft, base),
    overwrite: (): void => void save(String(conflict?.['version'] ?? '')),
    dropMine: (): void => setConflict(undefined),
  }
}
