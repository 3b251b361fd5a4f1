import type { ComponentChildren } from 'preact'
import type { Editor } from '../lib/editor'
import { Conflict } from './conflict'
import { Failure, Notice } from '@shared/ui/feedback'

interface Props<D> {
  editor: Editor<D>
  verb: string
  cancel: string
  reload: () => void
  children: ComponentChildren
}

/** EditForm is what stands around the fields of a form: what is missing, what somebody else changed, what went wrong, and the buttons. */
export function EditForm<D>({ editor, verb, cancel, reload, children }: Props<D>) {
  const { base, conflict, problems } = editor
  return (
    <form class="form" onSubmit={editor.submit} noValidate>
      {conflict && base && (
        <Conflict
          base={base}
          current={conflict}
          wanted={editor.wanted()}
          busy={editor.busy}
          onReload={() => {
            editor.dropMine()
            reload()
          }}
          onOverwrite={editor.overwrite}
        />
      )}
      <div ref={editor.summary} tabIndex={-1}>
        {problems.length > 0 && (
          <Notice tone="failed" alert title="Something is missing">
            <ul>
              {problems.map((text) => (
                <li key={text}>{text}</li>
              ))}
            </ul>
          </Notice>
        )}
      </div>
      {children}
      <Failure error={editor.error} title="Not saved" />
      <div class="form-actions sticky">
        <button type="submit" class="button primary" disabled={editor.busy}>
          {editor.busy ? 'Saving…' : verb}
        </button>
        <a class="button" href={cancel}>
          Cancel
        </a>
      </div>
    </form>
  )
}
