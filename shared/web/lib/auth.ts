import { UserManager, WebStorageStateStore, type User } from 'oidc-client-ts'

/** AuthSettings are where people log in, and as which OAuth client. */
export interface AuthSettings {
  authority: string
  clientId: string
  scopes: string[]
  audience: string
}

/** Auth is log-in at the OAuth server: authorization code with PKCE; what it gives lives as long as the tab. */
export class Auth {
  private readonly manager: UserManager
  private user: User | null = null

  constructor(settings: AuthSettings) {
    const store = new WebStorageStateStore({ store: sessionStorage })
    this.manager = new UserManager({
      authority: settings.authority,
      client_id: settings.clientId,
      redirect_uri: `${location.origin}/callback`,
      post_logout_redirect_uri: `${location.origin}/`,
      scope: (settings.scopes.length > 0 ? settings.scopes : ['openid']).join(' '),
      extraQueryParams: settings.audience ? { audience: settings.audience } : {},
      userStore: store,
      stateStore: store,
      automaticSilentRenew: false,
      monitorSession: false,
      loadUserInfo: false,
    })
  }

  /** token is the access token, undefined where there is none or it has ended. */
  token = (): string | undefined => (this.user && !this.user.expired ? this.user.access_token : undefined)

  /** expiresAt is when the access token ends. */
  get expiresAt(): Date | undefined {
    return this.user?.expires_at ? new Date(this.user.expires_at * 1000) : undefined
  }

  /** name is what the OAuth server calls the person. */
  get name(): string {
    const profile = this.user?.profile
    return profile?.name || profile?.preferred_username || profile?.email || profile?.sub || ''
  }

  /** restore takes up the session of this tab; false where there is none. */
  async restore(): Promise<boolean> {
    this.user = await this.manager.getUser()
    return this.token() !== undefined
  }

  /** finish takes the OAuth server's answer out of the address bar, and gives where the person was before. */
  async finish(): Promise<string> {
    this.user = (await this.manager.signinCallback()) ?? null
    const back = this.user?.state
    return typeof back === 'string' && back.startsWith('/') && !back.startsWith('//') ? back : '/'
  }

  /** begin leaves for the OAuth server. */
  async begin(back: string): Promise<void> {
    await this.manager.signinRedirect({ state: back })
  }

  /** end forgets the session, here and, where the OAuth server has a way, there. True: the browser is leaving for it. */
  async end(): Promise<boolean> {
    const hint = this.user?.id_token
    const endpoint = await this.manager.metadataService.getEndSessionEndpoint().catch(() => undefined)
    if (endpoint) {
      await this.manager.signoutRedirect(hint ? { id_token_hint: hint } : {})
      return true
    }
    await this.forget()
    return false
  }

  /** forget drops the tokens of this tab. */
  async forget(): Promise<void> {
    this.user = null
    await this.manager.removeUser()
  }
}
