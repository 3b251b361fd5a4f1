import type { Hub } from '../api/types'
import type { HubDraft, TLSDraft } from '../lib/hubdraft'
import { asPEM } from '@shared/lib/pem'
import { AreaField, CheckField, SecretField, TextField } from '@shared/ui/field'
import { FileDrop } from '@shared/ui/files'

interface Props {
  draft: HubDraft
  change: (to: Partial<HubDraft>) => void
  faults: Record<string, string | undefined>
  base: Hub | undefined
}

/** HubFields are a hub's fields: where it is, who signs for it, and who gives tokens. */
export function HubFields({ draft: d, change, faults, base }: Props) {
  return (
    <>
      <div class="pair">
        <TextField label="Name" value={d.name} onInput={(name) => change({ name })} maxLength={256} hint="For people." />
        <TextField
          label="Hub id"
          mono
          required
          value={d.hubId}
          onInput={(hubId) => change({ hubId })}
          error={faults.hubId}
          hint="The hub’s UUID: the common name of its gateways’ certificates."
        />
      </div>
      <AreaField
        label="Gateways"
        rows={2}
        required
        value={d.gateways}
        onInput={(gateways) => change({ gateways })}
        error={faults.gateways}
        hint="One a line, the preferred one first."
        placeholder="coaps+tcp://hub.example.com:5684"
      />
      <details class="more" open={Boolean(d.caPool)}>
        <summary>Roots for devices</summary>
        <AreaField
          label="Roots that devices need to trust the gateways"
          value={d.caPool}
          onInput={(caPool) => change({ caPool })}
          hint="In PEM format. Only where the gateways’ certificates have another root than devices’ own."
        />
      </details>
      <fieldset>
        <legend>Certificate authority</legend>
        <TextField
          label="Address of the certificate authority"
          mono
          required
          value={d.address}
          onInput={(address) => change({ address })}
          error={faults.address}
          hint="HOST:PORT (gRPC). It signs devices’ identity certificates."
        />
        <TLSFields
          what="the certificate authority"
          draft={d.authorityTLS}
          change={(authorityTLS) => change({ authorityTLS })}
          keyStored={Boolean(base?.certificateAuthority?.grpc?.tls?.key)}
        />
      </fieldset>
      <fieldset>
        <legend>OAuth server</legend>
        <div class="pair">
          <TextField
            label="Provider name"
            required
            value={d.providerName}
            onInput={(providerName) => change({ providerName })}
            error={faults.providerName}
            hint="Devices tell it to the hub along with their token."
          />
          <TextField
            label="Address of the OAuth server"
            type="url"
            mono
            required
            value={d.authority}
            onInput={(authority) => change({ authority })}
            error={faults.authority}
            hint="Its issuer; /.well-known/openid-configuration is found below it."
          />
        </div>
        <div class="pair">
          <TextField label="Client id" required value={d.clientId} onInput={(clientId) => change({ clientId })} error={faults.clientId} />
          <TextField label="Audience" value={d.audience} onInput={(audience) => change({ audience })} />
        </div>
        <SecretField
          label="Client secret"
          stored={Boolean(base?.authorization?.provider?.clientSecret)}
          value={d.clientSecret}
          onInput={(clientSecret) => change({ clientSecret })}
          remove={d.removeSecret}
          onRemove={(removeSecret) => change({ removeSecret })}
        />
        <TextField label="Scopes" value={d.scopes} onInput={(scopes) => change({ scopes })} hint="With spaces between them." />
        <div class="pair">
          <TextField
            label="Owner claim"
            required
            error={faults.ownerClaim}
            value={d.ownerClaim}
            onInput={(ownerClaim) => change({ ownerClaim })}
            hint="The claim in tokens that names the owner."
          />
          <TextField
            label="Device id claim"
            value={d.deviceIdClaim}
            onInput={(deviceIdClaim) => change({ deviceIdClaim })}
            hint="Where the token names the device too; else empty."
          />
        </div>
        <TLSFields
          what="the OAuth server"
          draft={d.providerTLS}
          change={(providerTLS) => change({ providerTLS })}
          keyStored={Boolean(base?.authorization?.provider?.http?.tls?.key)}
        />
      </fieldset>
    </>
  )
}

function TLSFields({
  what,
  draft: d,
  change,
  keyStored,
}: {
  what: string
  draft: TLSDraft
  change: (d: TLSDraft) => void
  keyStored: boolean
}) {
  return (
    <details class="more" open={Boolean(d.caPool || d.cert || d.system || keyStored)}>
      <summary>TLS to {what}</summary>
      <CheckField label={`Trust the system’s authorities for ${what}`} checked={d.system} onInput={(system) => change({ ...d, system })} />
      <AreaField
        label={`Authorities to trust for ${what}`}
        rows={3}
        value={d.caPool}
        onInput={(caPool) => change({ ...d, caPool })}
        hint="In PEM format."
      />
      <AreaField
        label={`Client certificate for ${what}`}
        rows={3}
        value={d.cert}
        onInput={(cert) => change({ ...d, cert })}
        hint="In PEM format; what the service shows."
      />
      <FileDrop
        label={`Choose the certificate file for ${what}`}
        accept=".pem,.crt,.cer,.der"
        onFiles={([first]) => first && change({ ...d, cert: asPEM(first) })}
      />
      <SecretField
        label={`Private key for ${what}`}
        multiline
        stored={keyStored}
        value={d.key}
        onInput={(key) => change({ ...d, key })}
        remove={d.removeKey}
        onRemove={(removeKey) => change({ ...d, removeKey })}
      />
    </details>
  )
}
