import type { ComponentChildren } from 'preact'
import { useEffect, useRef } from 'preact/hooks'
import { useAction } from '../lib/hooks'
import { Failure } from './feedback'

/** Dialog is a native modal dialog: the browser keeps the focus in it and gives it back. */
export function Dialog({ title, onClose, children }: { title: string; onClose: () => void; children: ComponentChildren }) {
  const ref = useRef<HTMLDialogElement>(null)
  useEffect(() => {
    const dialog = ref.current
    const before = document.activeElement
    dialog?.showModal()
    return () => {
      dialog?.close()
      if (before instanceof HTMLElement && before.isConnected) before.focus()
    }
  }, [])
  return (
    <dialog
      ref={ref}
      class="dialog"
      aria-labelledby="dialog-title"
      onCancel={(event) => {
        event.preventDefault()
        onClose()
      }}
    >
      <h2 id="dialog-title">{title}</h2>
      {children}
    </dialog>
  )
}

/** Confirm asks before something is lost. The question names the thing; the button says what it does. */
export function Confirm({
  title,
  verb,
  onClose,
  action,
  children,
}: {
  title: string
  verb: string
  onClose: () => void
  action: () => Promise<void>
  children: ComponentChildren
}) {
  const { busy, error, run } = useAction()
  return (
    <Dialog title={title} onClose={onClose}>
      {children}
      <Failure error={error} />
      <div class="dialog-actions">
        <button type="button" class="button" onClick={onClose}>
          Cancel
        </button>
        <button type="button" class="button danger" disabled={busy} onClick={() => void run(action)}>
          {busy ? 'One moment…' : verb}
        </button>
      </div>
    </Dialog>
  )
}
