/** How many pictures come in a second, and how long each takes: over the last two seconds. */
const WINDOW_MS = 2000;

export class Rate {
  private noted: { at: number; delay: number }[] = [];

  /** A picture came ``at`` (milliseconds) after ``delay`` in the service. */
  note(at: number, delay: number): void {
    this.noted.push({ at, delay });
    this.forget(at);
  }

  /** Both figures now; 0 pictures where fewer than two came lately. */
  read(now: number): { perSecond: number; delayMs: number } {
    this.forget(now);
    const first = this.noted[0];
    const last = this.noted[this.noted.length - 1];
    if (!first || !last || last.at === first.at) return { perSecond: 0, delayMs: 0 };
    const delays = this.noted.map(({ delay }) => delay).sort((a, b) => a - b);
    const perSecond = ((this.noted.length - 1) * 1000) / (last.at - first.at);
    return { perSecond, delayMs: delays[Math.floor(delays.length / 2)] as number };
  }

  private forget(now: number): void {
    this.noted = this.noted.filter(({ at }) => now - at <= WINDOW_MS);
  }
}
