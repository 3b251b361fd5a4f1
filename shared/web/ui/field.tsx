import type { ComponentChildren } from 'preact'
import { useId } from 'preact/hooks'

interface Common {
  label: string
  hint?: ComponentChildren
  error?: string | undefined
  required?: boolean
}

/** Field puts a label, a hint and an error around one input, and ties them to it. */
function Field({
  label,
  hint,
  error,
  required,
  children,
}: Common & { children: (ids: { id: string; describedBy: string | undefined; invalid: boolean }) => ComponentChildren }) {
  const id = useId()
  const described = [hint ? `${id}-hint` : '', error ? `${id}-error` : ''].filter(Boolean).join(' ')
  return (
    <div class="field">
      <label for={id}>
        {label}
        {required && <span class="required"> (required)</span>}
      </label>
      {hint && (
        <p class="hint" id={`${id}-hint`}>
          {hint}
        </p>
      )}
      {children({ id, describedBy: described || undefined, invalid: Boolean(error) })}
      {error && (
        <p class="field-error" id={`${id}-error`}>
          {error}
        </p>
      )}
    </div>
  )
}

interface TextProps extends Common {
  value: string
  onInput: (value: string) => void
  type?: 'text' | 'password' | 'search' | 'url' | 'datetime-local'
  mono?: boolean
  placeholder?: string
  maxLength?: number
}

export function TextField({ value, onInput, type = 'text', mono, placeholder, maxLength, ...common }: TextProps) {
  return (
    <Field {...common}>
      {({ id, describedBy, invalid }) => (
        <input
          id={id}
          class={mono ? 'input mono' : 'input'}
          type={type as 'text'}
          value={value}
          placeholder={placeholder}
          maxLength={maxLength}
          required={common.required}
          autocomplete={type === 'password' ? 'new-password' : 'off'}
          spellcheck={false}
          aria-describedby={describedBy}
          aria-invalid={invalid || undefined}
          onInput={(e) => onInput(e.currentTarget.value)}
        />
      )}
    </Field>
  )
}

export function AreaField({
  value,
  onInput,
  rows = 4,
  placeholder,
  ...common
}: Common & { value: string; onInput: (value: string) => void; rows?: number; placeholder?: string }) {
  return (
    <Field {...common}>
      {({ id, describedBy, invalid }) => (
        <textarea
          id={id}
          class="input mono"
          rows={rows}
          value={value}
          placeholder={placeholder}
          spellcheck={false}
          autocomplete="off"
          required={common.required}
          aria-describedby={describedBy}
          aria-invalid={invalid || undefined}
          onInput={(e) => onInput(e.currentTarget.value)}
        />
      )}
    </Field>
  )
}

export function SelectField({
  value,
  onInput,
  options,
  ...common
}: Common & { value: string; onInput: (value: string) => void; options: [string, string][] }) {
  return (
    <Field {...common}>
      {({ id, describedBy }) => (
        <select id={id} class="input" value={value} aria-describedby={describedBy} onInput={(e) => onInput(e.currentTarget.value)}>
          {options.map(([v, text]) => (
            <option key={v} value={v} selected={v === value}>
              {text}
            </option>
          ))}
        </select>
      )}
    </Field>
  )
}

export function CheckField({
  label,
  hint,
  checked,
  onInput,
}: {
  label: string
  hint?: ComponentChildren
  checked: boolean
  onInput: (checked: boolean) => void
}) {
  const id = useId()
  return (
    <div class="check">
      <input
        type="checkbox"
        id={id}
        checked={checked}
        aria-describedby={hint ? `${id}-hint` : undefined}
        onInput={(e) => onInput(e.currentTarget.checked)}
      />
      <div>
        <label for={id}>{label}</label>
        {hint && (
          <p class="hint" id={`${id}-hint`}>
            {hint}
          </p>
        )}
      </div>
    </div>
  )
}

/** SecretField is write-only: what is stored is never shown. Untouched, it stays. */
export function SecretField({
  label,
  hint,
  stored,
  value,
  onInput,
  remove,
  onRemove,
  multiline,
}: {
  label: string
  hint?: string
  stored: boolean
  value: string
  onInput: (value: string) => void
  remove: boolean
  onRemove: (remove: boolean) => void
  multiline?: boolean
}) {
  const state = stored
    ? remove
      ? 'The stored value will be removed.'
      : 'A value is stored. It is never shown; leave this empty to keep it.'
    : 'Nothing is stored yet.'
  const props = {
    label,
    hint: (
      <>
        {hint} {state}
      </>
    ),
    value,
    onInput,
  }
  return (
    <div class="secret">
      {multiline ? (
        <AreaField {...props} rows={3} placeholder={stored && !remove ? '(unchanged)' : '-----BEGIN PRIVATE KEY-----'} />
      ) : (
        <TextField {...props} type="password" placeholder={stored && !remove ? '(unchanged)' : ''} />
      )}
      {stored && !value && <CheckField label={`Remove the stored ${label.toLowerCase()}`} checked={remove} onInput={onRemove} />}
    </div>
  )
}
