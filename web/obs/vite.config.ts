/** A browser source for OBS. */
import { beside } from "../beside.ts";

export default beside("obs");
