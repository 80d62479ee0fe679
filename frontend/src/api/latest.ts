/** A question of which only the newest answer counts. */
export class Latest {
  private running: AbortController | null = null;
  begin(): AbortSignal {
    this.running?.abort();
    this.running = new AbortController();
    return this.running.signal;
  }
}
