/** Live: the camera on the left, its heat map on the right, until it is stopped. */
import type { Failure } from "../client";
import type { ColormapName } from "../colors";
import { byId } from "../dom";
import { isRetryable } from "../failures";
import { say } from "../language";
import { Live, clearLive, showLiveColours } from "../live";
import { report } from "../problem";
import { state } from "../state";
import type { Mode, Page } from "./mode";

export class LiveMode implements Mode {
  private session: Live | null = null;

  constructor(private readonly page: Page) {
    byId("live-start").addEventListener("click", () => this.begin());
    byId("live-stop").addEventListener("click", () => this.stop());
    byId("live-shot").addEventListener("click", () => void this.keepShot());
    byId("live-colours", HTMLSelectElement).addEventListener("change", () => this.recolour());
    window.addEventListener("keydown", (event) => {
      if (event.key === "Escape" && this.session) this.stop();
    });
    window.addEventListener("pagehide", () => this.session?.stop());
  }

  open(): void {
    this.close();
    clearLive();
    showLiveColours(state.look.colormap);
    byId("live-stop").focus({ preventScroll: true });
    const own = (this.session = new Live(this.page.source, { onFailure: (failure) => this.fail(failure) }));
    void own.start(state.look.colormap, state.model).then(() => {
      if (own === this.session) byId("spoken").textContent = say("liveOn");
    });
  }

  close(): void {
    this.session?.stop();
    this.session = null;
  }

  words(): void {
    showLiveColours(state.look.colormap);
  }

  forget(): void {
    // a session makes nothing of a photo
  }

  private begin(): void {
    this.page.clear();
    this.page.enter("live");
  }

  private stop(): void {
    this.page.enter("start");
    byId("spoken").textContent = say("liveOff");
    byId("live-start").focus();
  }

  private fail(failure: Failure): void {
    this.page.enter("start");
    report(failure, say("liveCamera"), isRetryable(failure) ? () => this.begin() : null);
  }

  private async keepShot(): Promise<void> {
    const shot = await this.session?.shot();
    if (shot) this.page.take(shot);
  }

  private recolour(): void {
    const name = byId("live-colours", HTMLSelectElement).value as ColormapName;
    byId("colours").querySelector<HTMLInputElement>(`input[value=${name}]`)?.click(); // remembered there
    this.session?.recolour(name);
  }
}
