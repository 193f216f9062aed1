/** The page as the service gives it: it asks the service. */
import { start } from "./start";
import { ServiceSource } from "./source/service";

start(new ServiceSource());
