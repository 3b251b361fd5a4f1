import { useId, useRef, useState } from 'preact/hooks'
import { Icon } from './icons'

const maxFile = 512 * 1024 // bytes; the API takes no more than 1 MiB in one request

/** FileDrop takes files by button, or dropped on it. They are read here; nothing is sent. */
export function FileDrop({
  label,
  accept,
  multiple = false,
  onFiles,
}: {
  label: string
  accept: string
  multiple?: boolean
  onFiles: (contents: Uint8Array[]) => void
}) {
  const id = useId()
  const input = useRef<HTMLInputElement>(null)
  const [over, setOver] = useState(false)
  const [problem, setProblem] = useState('')
  const take = async (files: FileList | null | undefined): Promise<void> => {
    const list = [...(files ?? [])]
    if (list.length === 0) return
    const large = list.find((f) => f.size > maxFile)
    setProblem(large ? `${large.name} is larger than ${maxFile / 1024} KiB: that is no such file.` : '')
    if (!large) onFiles(await Promise.all(list.map(async (f) => new Uint8Array(await f.arrayBuffer()))))
    if (input.current) input.current.value = ''
  }
  return (
    <div
      class={over ? 'drop over' : 'drop'}
      onDragOver={(e) => {
        e.preventDefault()
        setOver(true)
      }}
      onDragLeave={() => setOver(false)}
      onDrop={(e) => {
        e.preventDefault()
        setOver(false)
        void take(e.dataTransfer?.files)
      }}
    >
      <input
        ref={input}
        id={id}
        type="file"
        class="hidden"
        accept={accept}
        multiple={multiple}
        onChange={(e) => void take(e.currentTarget.files)}
      />
      <label for={id} class="button">
        <Icon name="upload" />
        {label}
      </label>
      <span class="hint">or drop {multiple ? 'files' : 'a file'} here</span>
      {problem && (
        <p class="field-error" role="alert">
          {problem}
        </p>
      )}
    </div>
  )
}

/** Copy puts text on the clipboard and says so. */
export function Copy({ text, what, say }: { text: string; what: string; say: (message: string) => void }) {
  return (
    <button
      type="button"
      class="button small"
      aria-label={`Copy ${what}`}
      onClick={() => {
        navigator.clipboard.writeText(text).then(
          () => say(`Copied: ${what}.`),
          () => say('The browser does not let this page copy. Select the text instead.'),
        )
      }}
    >
      <Icon name="copy" size={14} />
      Copy
    </button>
  )
}
