/** What is wrong, at the top of the page: in words, with a way on. */
import type { Failure } from "./client";
import { byId, show } from "./dom";
import { failureInWords, isKeyed } from "./failures";
import { keepKey } from "./key";
import { say } from "./language";
import { quoted } from "./quoted";

interface Problem {
  readonly failure: Failure | "noFile";
  readonly name: string;
  readonly retry: (() => void) | null;
}

let problem: Problem | null = null;

export function startProblems(): void {
  byId("dismiss").addEventListener("click", dismiss);
  byId("retry").addEventListener("click", () => problem?.retry?.());
  byId("key-form").addEventListener("submit", useKey);
}

/** Say what is wrong, and lead to the next step; ``retry`` asks once more. */
export function report(failure: Problem["failure"], name: string, retry: Problem["retry"]): void {
  problem = { failure, name, retry };
  showProblem();
  byId(needsKey(problem) ? "key" : retry ? "retry" : "dismiss").focus();
}

/** Where a failure is about the key, ask for it, and say that this was done. */
export function reportKeyed(failure: Failure, retry: () => void): boolean {
  if (!isKeyed(failure)) return false;
  report(failure, "", retry);
  return true;
}

export function forgetProblem(): void {
  problem = null;
  showProblem();
}

/** The problem, if there is one, in the language of now. */
export function showProblem(): void {
  show(byId("problem"), problem !== null);
  if (!problem) return;
  const { failure, name, retry } = problem;
  byId("problem-text").textContent = failure === "noFile" ? say("noFile") : failureInWords(failure, name);
  const detail = failure === "noFile" ? "" : failure.detail;
  const words = quoted(detail);
  byId("problem-detail").replaceChildren(`${say("serviceSays")} `, words);
  show(byId("problem-detail"), detail !== "" && !needsKey(problem));
  show(byId("key-form"), needsKey(problem));
  show(byId("retry"), retry !== null && !needsKey(problem));
}

/** The key was typed: keep it, and ask once more what was refused. */
function useKey(event: Event): void {
  event.preventDefault();
  const field = byId("key", HTMLInputElement);
  keepKey(field.value);
  field.value = "";
  const retry = problem?.retry;
  dismiss();
  retry?.();
}

function dismiss(): void {
  forgetProblem();
  byId(byId("another").hidden ? "upload" : "another").focus();
}

const needsKey = ({ failure }: Problem): boolean => failure !== "noFile" && isKeyed(failure);
