var e=n();function t(){return e?[`nearfar`,`nearfar-key.${e}`]:[]}function n(){try{return sessionStorage.getItem(`nearfar-key`)??``}catch{return``}}var r=class extends Error{code;detail;retryAfterS;parameter;constructor(e,t=``,n=0,r=``){super(`${e}: ${t}`),this.code=e,this.detail=t,this.retryAfterS=n,this.parameter=r}},i={NotAllowedError:`camera_refused`,SecurityError:`camera_refused`,NotFoundError:`camera_none`,OverconstrainedError:`camera_none`,NotReadableError:`camera_in_use`,AbortError:`camera_in_use`},a={audio:!1,video:{facingMode:{ideal:`environment`},width:{ideal:1280},height:{ideal:720}}};function o(e){return i[e]??`camera_in_use`}async function s(e){let t=navigator.mediaDevices;if(!t)throw new r(`camera_insecure`);try{let n=await t.getUserMedia(a);return e.srcObject=n,await e.play(),n}catch(e){throw new r(o(e instanceof DOMException?e.name:``))}}function c(e,t){for(let e of t?.getTracks()??[])e.stop();e.srcObject=null}function l(e,t,n,r){let i=Math.min(1,n/Math.max(e.videoWidth,e.videoHeight,1));return t.width=Math.round(e.videoWidth*i),t.height=Math.round(e.videoHeight*i),!t.width||!t.height?Promise.resolve(null):(t.getContext(`2d`)?.drawImage(e,0,0,t.width,t.height),new Promise(e=>t.toBlob(e,`image/jpeg`,r)))}function u(e,t){let n=new URL(`v1/live?${new URLSearchParams(t)}`,e);return n.protocol=n.protocol===`https:`?`wss:`:`ws:`,n.href}var d=({rawValueToMeters:e,rawValueToUnits:t})=>e??t??NaN,f=class{socket;told=null;isOver=!1;constructor(e,n,r){this.socket=new WebSocket(u(document.baseURI,{format:`webxr`}),t()),this.socket.binaryType=`arraybuffer`,this.socket.onclose=()=>this.isOver||r(),this.socket.onmessage=({data:t})=>{if(typeof t!=`string`)return this.told&&n({...this.told,data:new Uint16Array(t)}),this.told=null,e();let r=JSON.parse(t);r.type===`frame`?this.told=r.webxr??null:e()}}send(e){this.socket.readyState===WebSocket.OPEN&&this.socket.send(e)}close(){this.isOver=!0,this.socket.close()}},p=60*Math.PI/180,m=`#version 300 es
out vec2 place;
void main() {
  place = vec2(gl_VertexID & 1, gl_VertexID >> 1);
  gl_Position = vec4(place.x * 2.0 - 1.0, 1.0 - place.y * 2.0, 0.0, 1.0);
}`,h=`#version 300 es
precision mediump float;
uniform sampler2D picture;
in vec2 place;
out vec4 colour;
void main() { colour = vec4(texture(picture, place).rgb, 1.0); }`,g=`#version 300 es
uniform vec3 middle; // ahead is z
uniform float edge, turn, focal, aspect;
in vec3 corner;
in vec3 side;
out vec3 facing;
out float far;
vec3 turned(vec3 v) {
  float c = cos(turn), s = sin(turn);
  vec3 round = vec3(c * v.x + s * v.z, v.y, c * v.z - s * v.x);
  return vec3(round.x, 0.9 * round.y - 0.436 * round.z, 0.436 * round.y + 0.9 * round.z);
}
void main() {
  vec3 at = middle + turned(corner) * edge;
  facing = turned(side);
  far = at.z;
  gl_Position = vec4(at.x * focal / aspect, -at.y * focal, at.z - 0.02, at.z);
}`,_=`#version 300 es
precision highp float;
precision highp usampler2D;
uniform usampler2D depth;
uniform mat4 fromView; // normDepthBufferFromNormView
uniform float factor;
uniform vec2 size;
in vec3 facing;
in float far;
out vec4 colour;
float seen(ivec2 at, ivec2 last) {
  float raw = float(texelFetch(depth, clamp(at, ivec2(0), last), 0).r);
  return raw == 0.0 || raw * factor > far ? 1.0 : 0.0; // 0: nothing is known there
}
void main() {
  vec2 view = vec2(gl_FragCoord.x, size.y - gl_FragCoord.y) / size;
  ivec2 many = textureSize(depth, 0);
  ivec2 at = ivec2((fromView * vec4(view, 0.0, 1.0)).xy * vec2(many));
  float share = 0.0;
  for (int y = -1; y <= 1; y++) for (int x = -1; x <= 1; x++) share += seen(at + ivec2(x, y), many - 1);
  float light = 0.55 + 0.45 * max(0.0, dot(normalize(facing), normalize(vec3(-0.4, -0.8, -0.6))));
  share /= 9.0;
  colour = vec4(vec3(1.0, 0.55, 0.1) * light * share, share);
}`;function v(){let e=[];for(let t of[0,1,2])for(let n of[-.5,.5]){let r=(e,r)=>{let i=[0,0,0];return i[t]=n,i[(t+1)%3]=e,i[(t+2)%3]=r,i},i=[0,0,0];i[t]=2*n;for(let[t,n]of[[-.5,-.5],[.5,-.5],[.5,.5],[-.5,-.5],[.5,.5],[-.5,.5]])e.push(...r(t,n),...i)}return new Float32Array(e)}var y=class{canvas;gl;picture;cube;textures;depth=null;constructor(e){this.canvas=e;let t=e.getContext(`webgl2`,{preserveDrawingBuffer:!0,alpha:!1});if(!t)throw Error(`no WebGL 2`);this.gl=t,this.picture=this.program(m,h),this.cube=this.program(g,_),this.textures=[this.texture(t.LINEAR),this.texture(t.NEAREST)],t.bindBuffer(t.ARRAY_BUFFER,t.createBuffer()),t.bufferData(t.ARRAY_BUFFER,v(),t.STATIC_DRAW);for(let[e,n]of[[`corner`,0],[`side`,12]]){let r=t.getAttribLocation(this.cube,e);t.enableVertexAttribArray(r),t.vertexAttribPointer(r,3,t.FLOAT,!1,24,n)}t.blendFunc(t.ONE,t.ONE_MINUS_SRC_ALPHA)}take(e,t){let{gl:n}=this;this.canvas.width=e.width,this.canvas.height=e.height,n.pixelStorei(n.UNPACK_ALIGNMENT,1),n.activeTexture(n.TEXTURE0),n.bindTexture(n.TEXTURE_2D,this.textures[0]),n.texImage2D(n.TEXTURE_2D,0,n.RGBA,n.RGBA,n.UNSIGNED_BYTE,e),n.activeTexture(n.TEXTURE1),n.bindTexture(n.TEXTURE_2D,this.textures[1]),n.texImage2D(n.TEXTURE_2D,0,n.R16UI,t.width,t.height,0,n.RED_INTEGER,n.UNSIGNED_SHORT,t.data),this.depth=t}draw(e){let{gl:t,depth:n,canvas:r}=this;if(!n)return;t.viewport(0,0,r.width,r.height),t.disable(t.DEPTH_TEST),t.disable(t.BLEND),t.useProgram(this.picture),t.uniform1i(t.getUniformLocation(this.picture,`picture`),0),t.drawArrays(t.TRIANGLE_STRIP,0,4),t.clear(t.DEPTH_BUFFER_BIT),t.enable(t.DEPTH_TEST),t.enable(t.BLEND);let i=r.width/r.height,a=i/Math.tan(p/2),o=e=>t.getUniformLocation(this.cube,e);t.useProgram(this.cube),t.uniform3f(o(`middle`),(2*e.x-1)*i*e.far/a,(2*e.y-1)*e.far/a,e.far),t.uniform1f(o(`edge`),e.edge),t.uniform1f(o(`turn`),e.turn),t.uniform1f(o(`focal`),a),t.uniform1f(o(`aspect`),i),t.uniform1f(o(`factor`),d(n)),t.uniform2f(o(`size`),r.width,r.height),t.uniformMatrix4fv(o(`fromView`),!1,n.normDepthBufferFromNormView),t.uniform1i(o(`depth`),1),t.drawArrays(t.TRIANGLES,0,36)}texture(e){let{gl:t}=this,n=t.createTexture();t.bindTexture(t.TEXTURE_2D,n);for(let n of[t.TEXTURE_MIN_FILTER,t.TEXTURE_MAG_FILTER])t.texParameteri(t.TEXTURE_2D,n,e);for(let e of[t.TEXTURE_WRAP_S,t.TEXTURE_WRAP_T])t.texParameteri(t.TEXTURE_2D,e,t.CLAMP_TO_EDGE);return n}program(e,t){let{gl:n}=this,r=n.createProgram();for(let[i,a]of[[n.VERTEX_SHADER,e],[n.FRAGMENT_SHADER,t]]){let e=n.createShader(i);if(!e)throw Error(`no shader`);n.shaderSource(e,a),n.compileShader(e),n.attachShader(r,e)}if(n.linkProgram(r),!n.getProgramParameter(r,n.LINK_STATUS))throw Error(n.getProgramInfoLog(r)??`no program`);return r}},b={title:{en:`A cube behind your hand`,zh:`手后面的方块`},intro:{en:`The camera's pictures go to the service, and each comes back with how far its pixels are, in the layout of WebXR's depth sensing. The cube is hidden by what is nearer. Drag it, and set how far away it is.`,zh:`摄像头的画面送到服务，每幅带回各像素的远近，布局与 WebXR 深度感知相同。更近的东西会挡住方块。可以拖动方块，并设定它有多远。`},start:{en:`Start the camera`,zh:`打开摄像头`},stop:{en:`Stop`,zh:`停止`},far:{en:`How far`,zh:`远近`},metres:{en:`Distances are in metres.`,zh:`距离以米为单位。`},units:{en:`This model knows no metres: distances are in units of their own, 1 at the nearest and 10 at the farthest.`,zh:`这个模型不知道米：距离是它自己的单位，最近为 1，最远为 10。`},noCamera:{en:`The camera cannot be used: allow it, and open the page over HTTPS or on this machine.`,zh:`无法使用摄像头：请允许使用，并通过 HTTPS 或在本机打开此页。`},noGraphics:{en:`This browser has no WebGL 2.`,zh:`这个浏览器没有 WebGL 2。`},lost:{en:`The stream to the service ended. Start again.`,zh:`与服务的连接已结束，请重新开始。`},back:{en:`Back to depth of photos`,zh:`回到照片的深度`},other:{en:`中文`,zh:`English`}},x=()=>navigator.language.toLowerCase().startsWith(`zh`)?`zh`:`en`,S=(e,t)=>b[e][t],C=640,w=.85,T=.6,E={near:.2,far:5,edge:.12,unit:` m`},D={near:1,far:10,edge:.5,unit:``},O=e=>document.getElementById(e),k=O(`view`),A=O(`frame`),j=O(`video`),M=O(`far`),N=O(`start`),P=matchMedia(`(prefers-reduced-motion: reduce)`).matches,F=x(),I=null,L=null,R=null,z=null,B=null,V=D,H={x:.5,y:.5},U=0;function W(){document.documentElement.lang=F===`zh`?`zh-CN`:`en`;let e=(e,t)=>void(O(e).textContent=S(t,F));for(let[t,n]of[[`title`,`title`],[`intro`,`intro`],[`far-name`,`far`],[`back`,`back`],[`language`,`other`]])e(t,n);e(`start`,z?`stop`:`start`),O(`told`).textContent=I?S(I,F):``,O(`far-told`).textContent=`${G().toFixed(2)}${V.unit}`}var G=()=>V.near*(V.far/V.near)**M.valueAsNumber,K=()=>({...H,far:G(),edge:V.edge,turn:P?.6:performance.now()/1e3*T});function q(){L?.draw(K()),z&&requestAnimationFrame(q)}async function J(){let e=await l(j,A,C,w);if(z){if(!e)return void setTimeout(()=>void J(),50);B=await createImageBitmap(A),z?.send(e)}}function Y(e){B&&(L?.take(B,e),B.close(),B=null,V=e.isMetric?E:D,I=e.isMetric?`metres`:`units`,U+=1,k.dataset.frames=String(U),U===1&&W(),L?.draw(K()))}function X(e=null){z?.close(),z=null,c(j,R),R=null,I=e??I,W()}async function Z(){try{L??=new y(k)}catch{return X(`noGraphics`)}try{R=await s(j)}catch{return X(`noCamera`)}U=0,z=new f(()=>void J(),Y,()=>X(`lost`)),W(),requestAnimationFrame(q)}function Q(e){if(e.buttons!==1)return;let t=k.getBoundingClientRect();H={x:(e.clientX-t.left)/t.width,y:(e.clientY-t.top)/t.height},L?.draw(K())}var $={ArrowLeft:[-.02,0],ArrowRight:[.02,0],ArrowUp:[0,-.02],ArrowDown:[0,.02]};k.addEventListener(`pointerdown`,Q),k.addEventListener(`pointermove`,Q),k.addEventListener(`keydown`,e=>{let t=$[e.key];if(!t)return;e.preventDefault();let n=e=>Math.min(1,Math.max(0,e));H={x:n(H.x+t[0]),y:n(H.y+t[1])},L?.draw(K())}),M.addEventListener(`input`,()=>{W(),L?.draw(K())}),N.addEventListener(`click`,()=>void(z?X():Z())),O(`language`).addEventListener(`click`,()=>{F=F===`en`?`zh`:`en`,W()}),W();