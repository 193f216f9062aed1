/** The page of a cube in the camera's picture. */
import { beside } from "../beside.ts";

export default beside("ar");
