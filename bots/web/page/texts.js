// The page's own words. Nodes carry the code, so a change of language needs no reload.

const TEXTS = {
  en: {
    greeting: "Let's talk it over.",
    greeting_more: "Write, speak, or show a picture. Parley answers here, and remembers how the talk went.",
    idea_ask: "Ask something",
    idea_ask_more: "Why is the sky blue at noon and red at dusk?",
    idea_image: "Draw a picture",
    idea_image_more: "/image a lighthouse at dusk, in watercolour",
    idea_say: "Hear it spoken",
    idea_say_more: "/say Good morning, how did you sleep?",
    idea_voice: "Speak instead",
    idea_voice_more: "Press the microphone and talk",
    idea_picture: "Show a picture",
    idea_picture_more: "Drop, paste or choose one, and ask about it",
    idea_commands: "See what else",
    idea_commands_more: "Type / for every command",
    placeholder: "Message Parley",
    your_message: "Your message",
    hint: "Enter sends · Shift + Enter makes a new line · / shows commands",
    send: "Send",
    stop: "Stop this answer",
    attach: "Add files",
    attachments: "Files to send",
    remove: "Remove",
    record: "Record a voice message: click, or hold while you speak",
    record_cancel: "Discard the recording",
    record_send: "Send the recording",
    drop: "Drop files here to send them",
    commands: "Commands",
    conversation: "Conversation",
    earlier: "Show earlier messages",
    latest: "Go to the latest message",
    switch_language: "Switch to Chinese",
    other_language: "中文",
    switch_theme: "Switch between light and dark",
    copy: "Copy",
    copied: "Copied",
    code: "code",
    play: "Play",
    pause: "Pause",
    seek: "Position",
    save: "Save",
    close: "Close",
    picture: "Picture",
    voice: "Voice message",
    enlarge: "Enlarge the picture",
    thinking: "Parley is answering",
    sending: "Sending…",
    waiting: "Will be sent once we are connected again",
    busy: "Too much is going on just now; this was not sent.",
    again: "Send again",
    discard: "Discard",
    invalid: "This could not be sent.",
    stopped: "Stopped",
    today: "Today",
    yesterday: "Yesterday",
    offline: "Connection lost. Trying again…",
    too_many_tabs: "Too many tabs of this page are open. Close one and reload.",
    too_large: "{name} is larger than {limit}.",
    too_many_files: "At most {most} files go with one message.",
    upload_failed: "{name} could not be uploaded.",
    mic_refused: "The microphone is not allowed here. Allow it in the browser's address bar.",
    mic_missing: "No microphone was found.",
    mic_insecure: "The microphone works over https or on this machine only.",
    too_long: "That is {got} characters; at most {limit} can be sent at once.",
    too_short: "That was too short to hear.",
    history_failed: "The history could not be loaded.",
  },
  zh: {
    greeting: "坐下来，聊一聊。",
    greeting_more: "写字、说话，或者给我看一张图片。Parley 在这里回答，也记得刚才聊到哪里。",
    idea_ask: "问个问题",
    idea_ask_more: "为什么正午的天是蓝的，傍晚却是红的？",
    idea_image: "画一幅画",
    idea_image_more: "/画图 黄昏里的灯塔，水彩风格",
    idea_say: "念给我听",
    idea_say_more: "/朗读 早上好，昨晚睡得好吗？",
    idea_voice: "直接说话",
    idea_voice_more: "按下麦克风，开口就行",
    idea_picture: "看一张图片",
    idea_picture_more: "拖进来、粘贴或选择一张，然后提问",
    idea_commands: "还能做什么",
    idea_commands_more: "输入 / 查看所有命令",
    placeholder: "给 Parley 发消息",
    your_message: "你的消息",
    hint: "Enter 发送 · Shift + Enter 换行 · 输入 / 查看命令",
    send: "发送",
    stop: "停止回答",
    attach: "添加文件",
    attachments: "待发送的文件",
    remove: "移除",
    record: "录制语音：点一下开始，或按住说话",
    record_cancel: "放弃录音",
    record_send: "发送录音",
    drop: "松开即可添加文件",
    commands: "命令",
    conversation: "对话",
    earlier: "显示更早的消息",
    latest: "回到最新消息",
    switch_language: "切换到英文",
    other_language: "EN",
    switch_theme: "切换浅色与深色",
    copy: "复制",
    copied: "已复制",
    code: "代码",
    play: "播放",
    pause: "暂停",
    seek: "播放位置",
    save: "保存",
    close: "关闭",
    picture: "图片",
    voice: "语音消息",
    enlarge: "放大图片",
    thinking: "Parley 正在回答",
    sending: "发送中…",
    waiting: "恢复连接后会自动发送",
    busy: "现在太忙了，这条消息没有发出。",
    again: "重新发送",
    discard: "放弃",
    invalid: "这条消息无法发送。",
    stopped: "已停止",
    today: "今天",
    yesterday: "昨天",
    offline: "连接断开，正在重连…",
    too_many_tabs: "打开的页面太多了，请关掉一个再刷新。",
    too_large: "{name} 超过了 {limit}。",
    too_many_files: "一条消息最多附带 {most} 个文件。",
    upload_failed: "{name} 上传失败。",
    mic_refused: "浏览器没有允许使用麦克风，请在地址栏里允许。",
    mic_missing: "没有找到麦克风。",
    mic_insecure: "只有 https 或本机页面才能使用麦克风。",
    too_long: "共 {got} 个字，一次最多发送 {limit} 个字。",
    too_short: "录音太短，听不清。",
    history_failed: "历史消息加载失败。",
  },
};

export function language() {
  return document.documentElement.lang.startsWith("zh") ? "zh" : "en";
}

export function say(code, params = {}) {
  const text = TEXTS[language()][code];
  return text.replace(/\{(\w+)\}/g, (whole, name) => params[name] ?? whole);
}

/** Fill in every node below `root` that carries a code. */
export function translate(root = document) {
  const nodes = (name) => root.querySelectorAll(`[${name}]`);
  for (const node of nodes("data-say")) node.textContent = say(node.dataset.say);
  for (const node of nodes("data-say-label")) {
    node.setAttribute("aria-label", say(node.dataset.sayLabel));
    if (node.matches("button, a")) node.title = say(node.dataset.sayLabel);
  }
  for (const node of nodes("data-say-placeholder")) {
    node.placeholder = say(node.dataset.sayPlaceholder);
  }
}

/** A node and all below it, in today's language. */
export function said(node) {
  const shell = document.createDocumentFragment();
  shell.append(node);
  translate(shell);
  return node;
}
