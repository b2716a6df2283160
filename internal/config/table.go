package config

import "time"

// envPrefix begins the name of every setting in the environment.
const envPrefix = "LEARNSPACE_"

// Settings is the table of all settings, in the order of the reference. A new
// one is a field of Config and a line here; the reference, the file, the
// environment and --set follow by themselves.
func Settings() []Setting { return settings }

var settings = []Setting{
	// Where things are.
	{Key: "db", into: func(c *Config) any { return &c.DB },
		Zh: "数据库地址：sqlite:路径或postgres://…；为空时在数据文件夹内。", En: "Database: sqlite:PATH or postgres://…; empty: in the data folder."},
	{Key: "blob", into: func(c *Config) any { return &c.Blob },
		Zh: "图片与上传文件的存放处：file:文件夹；为空时在数据文件夹内。", En: "Where pictures and uploads go: file:DIR; empty: in the data folder."},
	{Key: "addr", Default: "127.0.0.1:8080", check: checkAddress, into: func(c *Config) any { return &c.Addr },
		Zh: "监听地址。", En: "Address to listen on."},
	{Key: "base_url", check: checkOrigin, into: func(c *Config) any { return &c.BaseURL },
		Zh: "用户访问的网址；https时Cookie带__Host-前缀与Secure。为空时为http://加监听地址。", En: "Address that users type; https makes cookies __Host- and Secure. Empty: http:// and the address."},
	{Key: "trusted_hosts", into: func(c *Config) any { return &c.TrustedHosts },
		Zh: "除base_url外接受的主机名；其他Host一律拒绝。", En: "Host names that are answered beside that of base_url; every other Host is refused."},
	{Key: "trusted_proxies", check: checkNetworks, into: func(c *Config) any { return &c.TrustedProxies },
		Zh: "其X-Forwarded-For可信的代理网段（CIDR）。", En: "Networks (CIDR) of proxies whose X-Forwarded-For is believed."},
	{Key: "content_url", check: checkOrigin, into: func(c *Config) any { return &c.ContentURL },
		Zh: "图片和文件的第二个网址（同一台服务器的另一主机名），不带Cookie；为空时不用。", En: "Second address for pictures and files (another host name of this server), without cookies; empty: none."},
	{Key: "platform", into: func(c *Config) any { return &c.Platform },
		Zh: "平台的正式名称，用于页眉和公文。", En: "Legal name of the platform in header and papers."},
	{Key: "office", Default: "吉林省电化教育馆", into: func(c *Config) any { return &c.Office },
		Zh: "主办单位。", En: "Office that issues bulletins."},
	{Key: "phone", into: func(c *Config) any { return &c.Phone },
		Zh: "页脚的服务电话；为空则不显示。", En: "Service telephone in the footer; empty: none."},

	{Key: "second_factor", Default: "on", Choices: []string{"on", "off"}, DemoOnly: true, into: func(c *Config) any { return &c.SecondFactor },
		Zh: "能看到不止一个班的人是否必须两步验证；off只能用于演示文件夹。", En: "Whether who can see more than one class needs a second factor; off in a demo folder only."},

	// Limits of a request.
	{Key: "body_limit", Default: "1MiB", Min: 64 << 10, into: func(c *Config) any { return &c.Limits.Body },
		Zh: "普通表单的大小上限。", En: "Largest form."},
	{Key: "upload_limit", Default: "100MiB", Min: 1 << 20, into: func(c *Config) any { return &c.Limits.Upload },
		Zh: "上传页面的大小上限。", En: "Largest upload, on the routes that take files."},
	{Key: "header_limit", Default: "32KiB", Min: 4 << 10, Max: 1 << 20, into: func(c *Config) any { return &c.Limits.Header },
		Zh: "请求头的大小上限。", En: "Largest request header."},
	{Key: "header_time", Default: "10s", Min: int64(time.Second), into: func(c *Config) any { return &c.Limits.HeaderTime },
		Zh: "请求头须在此时间内到达。", En: "A request's header must have come within this time."},
	{Key: "request_time", Default: "30s", Min: int64(time.Second), into: func(c *Config) any { return &c.Limits.RequestTime },
		Zh: "一个页面的最长处理时间；上传与导出除外。", En: "Longest time that a page may take; uploads and exports are not bounded by it."},
	{Key: "transfer_time", Default: "30m", Min: int64(time.Minute), into: func(c *Config) any { return &c.Limits.TransferTime },
		Zh: "上传或下载的最长时间。", En: "Longest time of an upload or a download."},
	{Key: "rate_per_address", Default: "200", into: func(c *Config) any { return &c.Limits.Rate },
		Zh: "每个网络地址每秒的请求数，可短时达到其十倍；0为不限，本机地址不限。", En: "Requests a second from one address, ten times as many for a moment; 0: no limit, and none for this machine itself."},
	{Key: "page_size", Default: "50", Min: 10, Max: 500, into: func(c *Config) any { return &c.Limits.Page },
		Zh: "可翻页的记录列表每页的行数。", En: "Rows on a page of the lists of records."},
	{Key: "export_rows", Default: "100000", Min: 1, into: func(c *Config) any { return &c.Limits.ExportRows },
		Zh: "一次导出的行数上限。", En: "Most rows of one export."},

	// Work behind the pages.
	{Key: "statement_time", Default: "30s", Min: int64(100 * time.Millisecond), into: func(c *Config) any { return &c.Limits.Statement },
		Zh: "一条数据库语句的最长时间（仅数据库服务器；批量工作除外）。", En: "Longest time of one database statement (on a database server; bulk work is not bounded by it)."},
	{Key: "job_time", Default: "6h", Min: int64(time.Minute), into: func(c *Config) any { return &c.Limits.JobTime },
		Zh: "一个后台任务一次运行的最长时间，超时后重试。", En: "Longest time of one run of a background job; then it is tried again later."},
	{Key: "job_workers", Default: "2", Min: 1, Max: 64, into: func(c *Config) any { return &c.Limits.JobWorkers },
		Zh: "同时运行的后台任务数。", En: "Background jobs that run at once."},
	{Key: "disk_reserve", Default: "256MiB", into: func(c *Config) any { return &c.Limits.Disk },
		Zh: "数据文件夹所在磁盘的空闲低于此值时，/readyz报告未就绪。", En: "Free disk space under the data folder below which /readyz says not ready."},
	{Key: "lag_limit", Default: "15m", Min: int64(10 * time.Second), into: func(c *Config) any { return &c.Limits.Lag },
		Zh: "后台任务或事件编号的延迟超过此值时，/readyz报告未就绪。", En: "Delay of jobs or of the numbering of events above which /readyz says not ready."},
	{Key: "audit_keep", Default: "1095d", Min: int64(183 * day), into: func(c *Config) any { return &c.AuditKeep },
		Zh: "审计记录的保存时间，至少6个月（网络安全法第二十一条）。", En: "How long the audit trail is kept, six months at least (网络安全法 art. 21)."},
	{Key: "rights_days", Default: "15", Min: 1, Max: 60, into: func(c *Config) any { return &c.RightsDays },
		Zh: "答复个人信息权利申请的期限（工作日）；超过后转县级。", En: "Working days within which a request about personal data is answered; then the county sees it."},
	{Key: "dial_allow", check: checkEndpoints, into: func(c *Config) any { return &c.DialAllow },
		Zh: "服务器可以连接的外部host:port；其余一律拒绝。", En: "host:port that the server may connect to; everything else is refused."},
	{Key: "smtp_addr", check: checkAddress, into: func(c *Config) any { return &c.Deliver.MailAddr },
		Zh: "发邮件的服务器host:port（465为TLS，其余用STARTTLS）；为空则不发邮件。", En: "Mail server host:port (465: TLS, others STARTTLS); empty: no mail."},
	{Key: "smtp_user", into: func(c *Config) any { return &c.Deliver.MailUser },
		Zh: "邮件服务器的用户名；为空则不认证。", En: "User at the mail server; empty: none."},
	{Key: "smtp_password", Secret: true, into: func(c *Config) any { return &c.Deliver.MailPassword },
		Zh: "邮件服务器的密码。", En: "Password at the mail server."},
	{Key: "smtp_from", into: func(c *Config) any { return &c.Deliver.MailFrom },
		Zh: "发件人地址。", En: "Sender's address."},
	{Key: "sms_url", into: func(c *Config) any { return &c.Deliver.SMSURL },
		Zh: "短信网关的https地址，接收JSON：id、to、text；为空则不发短信。", En: "Https address of the gateway for text messages, which takes JSON id, to, text; empty: none."},
	{Key: "sms_token", Secret: true, into: func(c *Config) any { return &c.Deliver.SMSToken },
		Zh: "短信网关的令牌。", En: "Bearer token at that gateway."},
	{Key: "metrics_addr", check: checkAddress, into: func(c *Config) any { return &c.MetricsAddr },
		Zh: "Prometheus指标的监听地址；为空则关闭。", En: "Address of the Prometheus metrics; empty: off."},
	{Key: "log_level", Default: "info", Choices: []string{"debug", "info", "warn", "error"}, into: func(c *Config) any { return &c.LogLevel },
		Zh: "日志的最低级别。", En: "Least level of what is logged."},
}
